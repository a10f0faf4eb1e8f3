#!/bin/sh
# Brings what deploy/backup.sh saved into an empty database and an empty bucket: deploy/restore.sh FOLDER
#
# Needs pg_restore, rclone and the variables of backup.sh, for the new installation. Run it before any replica starts,
# then `openhours migrate`. Reports and loads that were queued or running go on.
set -eu
folder=${1:?usage: deploy/restore.sh FOLDER}
if [ ! -e "$folder/database.dump" ]; then
    echo "$folder holds no whole backup." >&2
    exit 2
fi

RCLONE_S3_PROVIDER=Other RCLONE_S3_ENV_AUTH=true RCLONE_S3_ENDPOINT=$OPENHOURS_S3_ENDPOINT_URL \
    rclone copy --config='' --quiet "$folder/bucket" ":s3:${OPENHOURS_S3_BUCKET:-openhours}"

# All or nothing: a database that is not empty is left as it is.
pg_restore --no-owner --no-privileges --single-transaction --exit-on-error --dbname="$OPENHOURS_DATABASE_URL" \
    "$folder/database.dump"
