"""What a store holds, whether it is whole, and taking tables out of it."""
