"""Settings that the small runs of these tests share."""

#: Reproducible, in this process, on any machine.
HERE = {"precision": "32-true", "workers": 0, "accelerator": "cpu", "devices": 1}

#: As short as a run with a validation can be.
SHORT = {"steps": 2, "batch": 2, "warmup": 1, "validate_every": 2, **HERE}
