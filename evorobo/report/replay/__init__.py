"""Test episodes as pictures, films and windows."""
