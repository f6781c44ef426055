# Of the output of "pulumi stack ls --json": true when a stack has resources and
# none of those that have was updated during the last $hours hours. An update
# in progress has no time yet.
map(select(.resourceCount > 0))
| length > 0 and all(.lastUpdate != null)
  and (map(.lastUpdate[:19] + "Z" | fromdateiso8601) | max) <= now - $hours * 3600
