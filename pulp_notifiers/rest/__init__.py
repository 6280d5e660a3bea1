"""The REST service: Pulp 2's listeners unchanged (v2) and the product's own API (v3); owner of FastAPI and uvicorn."""
