"""Trials on Dask clusters: the executor, what runs on the workers, what travels there, and how clusters are opened."""
