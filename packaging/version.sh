#!/bin/sh
# version.sh: prints the version, which is only in Directory.Build.props.
sed -n 's,.*<Version>\(.*\)</Version>.*,\1,p' "$(dirname "$0")/../Directory.Build.props"
