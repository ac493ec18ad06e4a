"""What commands and windows do in their own process: reach the daemon, prove the lock, show pictures."""
