/* The installed header of Orthanc's plugin SDK (Debian package orthanc-dev).
   It is read at build time and not part of this repository. */
#include <orthanc/OrthancCPlugin.h>
