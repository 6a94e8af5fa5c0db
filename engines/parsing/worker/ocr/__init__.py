"""Optical character recognition: finds the lines of text in scanned pages and images."""
