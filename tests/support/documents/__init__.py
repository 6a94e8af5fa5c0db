"""Documents for tests: files of every format, scans, manuals of Debian packages, and texts with known facts."""
