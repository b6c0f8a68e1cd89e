"""Training of raymap's network: corpus to model bundle."""
