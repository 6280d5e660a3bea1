"""HTTP without knowledge of either API: ``body`` reads and parses request bodies, ``request_text`` decodes paths and
headers, ``proxies`` reads the headers of trusted proxies, ``answers`` renders answers, ``errors`` has the reasons to
refuse a request, ``methods`` answers methods that a path does not support, and ``middleware`` surrounds every request.
"""
