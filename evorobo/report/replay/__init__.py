"""Test episodes as pictures, videos, and in a window."""
