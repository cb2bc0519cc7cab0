# make demo          see it work: a real Orthanc, two receivers, an outage, a refusal, its replay
# make test          all tests with the machine's own Orthanc
# make test-matrix   the tests with an Orthanc in 1.10, 1.12 and 1.13, one library file
# make test-versions those of them that look at what differs between Orthancs, in 1.12 and 1.13
# make test-corpus   some 260 real files, by the queue and by Orthanc's own SCU to the same receivers, with figures; and
#                    changed, to DCMTK, pydicom, dicom-rs and dicom3tools
# make test-serials  a serial for a thousand studies at two destinations, with kill -9 in between
# make quick         unit tests and one Orthanc
# make screenshots   the pictures of the page anew, in docs/screenshots
# make check         formatting, clippy, documentation, its links, configurations and commands
# make check-oldest  whether the oldest Rust that Cargo.toml names (1.85) still builds it (needs rustup)
# make bench         figures, beside a peer measured in the same run
# make bench-send    sending: ours, Orthanc's, storescu's, in one run; over a link with a delay; needs root for that
# make bench-scale   the store at a backlog of ten million, and over a month
# make test-mutated  a million headers with something wrong in them, changed or refused
# make fuzz          what a receiver can answer and a file contain, for a minute each (needs a nightly Rust and cargo-fuzz)
# make dist          dist/: packages for Debian and RPM, libraries, an installer for Windows, checksums, licences
# make image         docker/Dockerfile, built without a daemon (buildah) and tried; needs root
# make test-image    the same with the library that is built already
# make dist-twice    the same commit built in another folder gives the same bytes (after make dist)
# make test-dist     them in fresh Debians, the upgrade of an older one, Windows' under wine (after make dist; needs root)
# make test-packages packages of what make build made, in fresh Debians: the part of test-dist that needs no other compiler
# make install       copies the library into Orthanc's plugins folder, sendqueuectl to /usr/bin (DESTDIR is honoured)
#
# What is missing is installed (as root), or named (otherwise).

CARGO ?= cargo
PLUGINS ?= /usr/share/orthanc/plugins
PREFIX ?= /usr
TOOLS ?= $(or $(SENDQUEUE_TOOLS),$(CURDIR)/target/tools)
MATRIX ?= $(or $(SENDQUEUE_MATRIX_DIR),$(CURDIR)/target/matrix)

BUILD_PACKAGES = orthanc-dev libclang-dev gcc libc6-dev
RUN_PACKAGES = orthanc dcmtk
TEST_PACKAGES = curl debootstrap dicom3tools faketime fish groff-base man-db openssl orthanc-gdcm prometheus python3-venv sqlite3 strace zsh $(BROWSER_PACKAGES)
# Debian's names. On Ubuntu these are snaps, which see no temporary folder: BROWSER_PACKAGES= on the command line, and
# SENDQUEUE_CHROMIUM and SENDQUEUE_CHROMEDRIVER in the environment say where another one and its driver are.
BROWSER_PACKAGES = chromium chromium-driver
DEMO_PACKAGES = curl jq

LIBRARY = target/release/libOrthancSendQueue.so

.PHONY: all build demo demo-packages test test-machine test-matrix test-versions test-corpus test-serials test-mutated quick screenshots check check-oldest bench bench-send bench-coerce bench-scale fuzz dist test-dist image test-image dist-twice test-packages install clean

all: build

build:
	@scripts/packages.sh $(BUILD_PACKAGES)
	$(CARGO) build --release --locked -p orthanc-sendqueue -p sendqueuectl

# What the build says is folded into a line.
demo:
	@scripts/quietly.sh "what is missing is installed, the plugin is built" $(MAKE) --no-print-directory build demo-packages
	@SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) examples/demo.sh

demo-packages:
	@scripts/packages.sh $(RUN_PACKAGES) $(DEMO_PACKAGES)

quick:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES)
	$(CARGO) test --locked --workspace --lib
	$(CARGO) test --locked --test forward

test: test-machine

test-machine:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES)
	scripts/receivers.sh $(TOOLS)
	SENDQUEUE_TOOLS=$(TOOLS) scripts/tests.sh

# One library file, built once, in every Orthanc.
test-matrix: MATRIX_OF = machine trixie forky
test-versions: MATRIX_OF = --short trixie forky
test-matrix test-versions: build
	@scripts/packages.sh $(RUN_PACKAGES) $(TEST_PACKAGES)
	scripts/orthancs.sh $(MATRIX)
	scripts/receivers.sh $(TOOLS)
	SENDQUEUE_TOOLS=$(TOOLS) SENDQUEUE_MATRIX_DIR=$(MATRIX) SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) scripts/matrix.sh $(MATRIX_OF)

test-corpus:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES) dicom3tools
	scripts/receivers.sh $(TOOLS) dcmtk corpus deidentifiers
	SENDQUEUE_TOOLS=$(TOOLS) $(CARGO) test --locked --test corpus -- --nocapture
	SENDQUEUE_CORPUS=all SENDQUEUE_TOOLS=$(TOOLS) $(CARGO) test --locked --test deidentification corpus -- --nocapture
	SENDQUEUE_TOOLS=$(TOOLS) $(CARGO) test --locked -p sendqueue-dicom --test real_files -- --nocapture

test-serials:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES)
	SENDQUEUE_STUDIES=1000 $(CARGO) test --locked --test coercion -- --nocapture one_number_for_each_study

test-mutated:
	SENDQUEUE_MUTATIONS=1000000 $(CARGO) test --locked -p sendqueue-dicom --test mutated -- --nocapture

screenshots:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES) $(BROWSER_PACKAGES)
	SENDQUEUE_SCREENSHOTS=1 $(CARGO) test --locked --test ui pictures

check: build
	@scripts/packages.sh $(BUILD_PACKAGES)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet
	@scripts/packages.sh $(RUN_PACKAGES) curl
	scripts/links.sh
	scripts/readme.sh

check-oldest:
	@scripts/packages.sh $(BUILD_PACKAGES)
	$(CARGO) +$(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -1) check --locked --workspace --target-dir target/oldest

bench: build
	@scripts/packages.sh $(RUN_PACKAGES)
	SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) $(CARGO) bench --locked --bench store -- --backlog 10000,1000000 --measure 50000
	SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) $(CARGO) bench --locked --bench orthanc
	SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) $(CARGO) bench --locked --bench page

bench-send: build
	@scripts/packages.sh $(RUN_PACKAGES) iproute2 python3
	scripts/receivers.sh $(TOOLS)
	SENDQUEUE_TOOLS=$(TOOLS) SENDQUEUE_PLUGIN=$(CURDIR)/$(LIBRARY) $(CARGO) bench --locked --bench send -- $(BENCH_SEND)

fuzz:
	@scripts/packages.sh $(BUILD_PACKAGES)
	cd fuzz && for target in answer file data_set; do $(CARGO) +nightly fuzz run $$target -- -max_total_time=60 || exit 1; done

# What a recipe costs: a destination that changes three tags of each instance beside one that changes nothing.
bench-coerce:
	@scripts/packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES)
	$(CARGO) bench --locked --bench send -- --only ct,small --runs 7 --beside '{"Coerce":"sites"}'

# The verbs of the store at a backlog of ten million: 6 GB of disk, ten minutes.
bench-scale:
	@scripts/packages.sh $(BUILD_PACKAGES)
	$(CARGO) bench --locked --bench store -- --backlog 10000,10000000 --measure 50000
	$(CARGO) bench --locked --bench month

# Files of the platforms named: make dist PLATFORMS=linux-x86_64
dist:
	scripts/dist.sh $(PLATFORMS)

dist-twice:
	scripts/dist_twice.sh $(PLATFORMS)

test-dist:
	tests/dist/run.sh $(MATRIX) $(PARTS)

# A Debian 13 to begin with: a folder, or the name of an image.
IMAGE_BASE ?= $(MATRIX)/image
IMAGE_PACKAGES = buildah debootstrap curl dcmtk procps

image:
	@scripts/packages.sh $(IMAGE_PACKAGES)
	scripts/image.sh $(IMAGE_BASE)

test-image: build
	@scripts/packages.sh $(IMAGE_PACKAGES)
	scripts/image.sh $(IMAGE_BASE) $(CURDIR)/$(LIBRARY) $(CURDIR)/target/release/sendqueuectl

test-packages: build
	tests/dist/run.sh $(MATRIX) built

# Only copies: root may have no cargo.
install:
	@[ -f $(LIBRARY) ] && [ -f target/release/sendqueuectl ] || { echo "nothing to install yet: make build" >&2; exit 1; }
	install -D -m 644 $(LIBRARY) $(DESTDIR)$(PLUGINS)/libOrthancSendQueue.so
	install -D -m 755 target/release/sendqueuectl $(DESTDIR)$(PREFIX)/bin/sendqueuectl

clean:
	$(CARGO) clean
