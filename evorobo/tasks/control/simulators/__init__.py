"""What steps many robots at once."""
