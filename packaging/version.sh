#!/bin/sh
# version.sh: prints the version. It is written down in Directory.Build.props, and nowhere else.
sed -n 's,.*<Version>\(.*\)</Version>.*,\1,p' "$(dirname "$0")/../Directory.Build.props"
