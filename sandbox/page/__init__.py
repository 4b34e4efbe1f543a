"""The workspace as a browser page: `serve.py` answers, `files/` is what the browser runs."""
