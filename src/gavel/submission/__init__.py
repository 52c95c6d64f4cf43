"""The submission service: takes submissions and problems in and tells where they stand."""
