"""Where the time of a call goes, and who reads it: metrics, the answer's debug part, slow requests, traces."""
