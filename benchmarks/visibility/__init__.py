"""What `bench visible` sets up: a stream and a server as processes of their own, and loads beside the looks."""
