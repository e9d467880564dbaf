"""Takes: what a face did, a row a frame, on the disk as CSV or Parquet."""
