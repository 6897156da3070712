"""The SDK, against the service as a real process."""
