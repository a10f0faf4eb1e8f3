#!/bin/sh
# Saves an installation to a folder: deploy/backup.sh FOLDER
#
# Needs pg_dump (of the server's version or later), rclone, OPENHOURS_DATABASE_URL, OPENHOURS_S3_ENDPOINT_URL, the AWS
# variables and, if it is not "openhours", OPENHOURS_S3_BUCKET. Openhours may go on running: the database is saved first,
# and no object that it names is ever changed. One that is removed meanwhile is missing, as if removed a little earlier.
set -eu
folder=${1:?usage: deploy/backup.sh FOLDER}
if [ -e "$folder/database.dump" ]; then
    echo "$folder holds a backup already: name another folder." >&2
    exit 2
fi
mkdir -p "$folder/bucket"

pg_dump --format=custom --no-owner --no-privileges --file="$folder/database.part" "$OPENHOURS_DATABASE_URL"

RCLONE_S3_PROVIDER=Other RCLONE_S3_ENV_AUTH=true RCLONE_S3_ENDPOINT=$OPENHOURS_S3_ENDPOINT_URL \
    rclone copy --config='' --quiet ":s3:${OPENHOURS_S3_BUCKET:-openhours}" "$folder/bucket"

# Only a whole backup has its name.
mv "$folder/database.part" "$folder/database.dump"
