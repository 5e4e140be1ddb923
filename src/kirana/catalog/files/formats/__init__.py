"""One module per format of file. Each can tell its own files, read them and write them."""
