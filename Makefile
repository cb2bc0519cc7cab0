# make demo          see it work: a real Orthanc, two receivers, an outage, a refusal, its replay
# make test          all tests with the machine's own Orthanc
# make test-matrix   the tests with an Orthanc in 1.10, 1.12 and 1.13, one library file
# make quick         unit tests and one Orthanc
# make check         formatting, clippy, documentation, the README's commands
# make bench         figures, beside a peer measured in the same run
# make bench-scale   the store at a backlog of ten million, and over a month
# make install       copies the library into Orthanc's plugins folder (DESTDIR is honoured)
#
# What is missing is installed (as root), or named (otherwise).

CARGO ?= cargo
PLUGINS ?= /usr/share/orthanc/plugins
MATRIX ?= $(or $(SENDQUEUE_MATRIX_DIR),$(CURDIR)/target/matrix)

BUILD_PACKAGES = orthanc-dev libclang-dev gcc libc6-dev
RUN_PACKAGES = orthanc dcmtk
TEST_PACKAGES = curl debootstrap
DEMO_PACKAGES = curl jq

LIBRARY = target/release/libOrthancSendQueue.so

.PHONY: all build demo test test-machine test-matrix quick check bench bench-scale install clean

all: build

build:
	@scripts/packages.sh $(BUILD_PACKAGES)
	$(CARGO) build --release --locked

demo: build
	@scripts/packages.sh $(RUN_PACKAGES) $(DEMO_PACKAGES)
	@SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) examples/demo.sh

quick:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES)
	$(CARGO) test --locked --workspace --lib
	$(CARGO) test --locked --test forward

test: test-machine

test-machine:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES)
	$(CARGO) test --locked --workspace

# One library file, built once, in every Orthanc.
test-matrix: build
	@scripts/packages.sh $(RUN_PACKAGES) $(TEST_PACKAGES)
	scripts/orthancs.sh $(MATRIX)
	SENDQUEUE_MATRIX_DIR=$(MATRIX) SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) scripts/matrix.sh

check: build
	@scripts/packages.sh $(BUILD_PACKAGES)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet
	@scripts/packages.sh $(RUN_PACKAGES) curl
	scripts/readme.sh

bench: build
	@scripts/packages.sh $(RUN_PACKAGES)
	SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) $(CARGO) bench --locked --bench store -- --backlog 10000,1000000 --measure 50000
	SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) $(CARGO) bench --locked --bench orthanc

# The verbs of the store at a backlog of ten million: 6 GB of disk, ten minutes.
bench-scale:
	@scripts/packages.sh $(BUILD_PACKAGES)
	$(CARGO) bench --locked --bench store -- --backlog 10000,10000000 --measure 50000
	$(CARGO) bench --locked --bench month

install: build
	install -D -m 644 $(LIBRARY) $(DESTDIR)$(PLUGINS)/libOrthancSendQueue.so

clean:
	$(CARGO) clean
