"""How it is shown: the catalogue as a page that works offline, the server that opens it, the file that keeps it."""
