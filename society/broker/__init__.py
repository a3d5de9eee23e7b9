"""Messages in flight: one contract, whatever carries them."""
