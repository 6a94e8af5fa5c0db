"""What we are held against, bare: programs that answer lines of JSON, started by `benchmarks.rival`."""
