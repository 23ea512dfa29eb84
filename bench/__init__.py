"""What the platform's claims of speed and memory rest on: `make bench`, or `python -m bench`."""
