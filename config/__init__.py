"""Settings and the YAML that ships with Countersign. The lowest layer: imports nothing of the other rooms.

settings.py   what an installation can set, as one frozen tree
chat.py, itsm.py, jira.py, servicenow.py, executor.py, monitoring.py, prometheus.py, opentelemetry.py   its sections
fields.py     what sections are made of
values.py     single values: how they are read
load.py       reads the settings; every mistake with its place
sources.py    environment, secret files and the YAML file -> one mapping that remembers where each value came from
yamlfile.py   YAML that knows its line numbers
suggest.py    did you mean …?
errors.py     what can be wrong with a file or a setting
"""
