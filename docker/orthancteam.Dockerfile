# The image of the Orthanc team, with the send queue. Their image needs a glibc of 2.34 or newer for this library, which
# it has since it stands on Debian 12. From the repository's top, after docker/Dockerfile was built:
#
#   docker build -f docker/orthancteam.Dockerfile -t orthancteam-sendqueue .
#
# It loads all of /usr/share/orthanc/plugins. Settings come as variables, see docs/install.md.
ARG SENDQUEUE=orthanc-sendqueue
ARG BASE=orthancteam/orthanc:25.8.2
FROM ${SENDQUEUE} AS sendqueue

FROM ${BASE}
COPY --from=sendqueue /usr/share/orthanc/plugins/libOrthancSendQueue.so /usr/share/orthanc/plugins/
COPY --from=sendqueue /usr/bin/sendqueuectl /usr/bin/
