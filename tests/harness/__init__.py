"""What the tests stand on: both sides with their databases, clients that audit what they fetch, and real processes."""
