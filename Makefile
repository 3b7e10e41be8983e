# Where to keep the files that benchmarks generate: BENCH_DIR=/somewhere make bench
BENCH_DIR ?=
BENCH = PLAYBOOK_BENCH_DIR=$(BENCH_DIR) go test ./runner/query/duckdb -run '^$$' -bench Statements -timeout 0

.PHONY: bench bench-scale

# The statements of vpc-flow.yaml on 5 million records, against gzip and against DuckDB
# alone. Takes two minutes and 300 MB of disk.
bench:
	$(BENCH) -benchtime 3x

# The same on 0.5, 5 and 50 million records. Takes ten minutes and 6 GB of disk.
bench-scale:
	PLAYBOOK_BENCH_RECORDS=500000,5000000,50000000 PLAYBOOK_BENCH_STRAIGHT=0 $(BENCH) -benchtime 2x
