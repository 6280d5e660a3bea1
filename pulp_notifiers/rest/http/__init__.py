"""HTTP: request bodies, answers, methods, proxies, and what every request passes."""
