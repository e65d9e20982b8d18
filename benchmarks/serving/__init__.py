"""What `bench serve` and `bench soak` are made of: a scene, programs of their own, loads, and what is made of them."""
