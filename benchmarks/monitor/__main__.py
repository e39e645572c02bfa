"""Run the bench: `python -m benchmarks.monitor --quick` while tuning, without `--quick` for the report."""

from benchmarks.monitor.command import main

if __name__ == "__main__":
    raise SystemExit(main())
