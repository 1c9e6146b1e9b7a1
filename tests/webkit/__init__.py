"""The third engine, as it comes with Debian: what an iPhone's browsers are made of, without its pushes."""
