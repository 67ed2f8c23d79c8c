"""Which module measures which metric: the S table, how long a command takes to be there, and what scales."""

#: Measured only when they are asked for by name.
APART = ("SCALE",)
METRICS = {
    "S1": "s1_get",
    "S2": "s2_set",
    "S3": "s3_in_flight",
    "S4": "s4_clients",
    "S5": "s5_publish",
    "S6": "s6_cpu",
    "S7": "s7_latency",
    "S8": "s8_arrays",
    "S9": "s9_polled",
    "S10": "s10_subscribers",
    "S11": "s11_exchanges",
    "S12": "s12_growth",
    "S13": "s13_encodings",
    "START": "start",
    "SCALE": "scale",
}
