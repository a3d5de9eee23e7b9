"""Orders: why they are issued, who asks about them, how they are carried out and end."""
