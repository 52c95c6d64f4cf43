"""PostgreSQL as every service uses it: pools with bounded waits, named SQL, migrations."""
