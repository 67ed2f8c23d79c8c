"""Which module measures which metric."""

METRICS = {
    "S1": "s1_get",
    "S2": "s2_set",
    "S3": "s3_in_flight",
    "S5": "s5_publish",
    "S7": "s7_latency",
}
