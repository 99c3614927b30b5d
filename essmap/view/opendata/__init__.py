"""Tables that leave as open data: one selection, in five formats, for people or for machines, with a descriptor.

`content` says what is handed out and under which licence, `guard` refuses what may not leave, `columns` names the
columns, `spreadsheets` and `layers` write the formats, `describe` the ``datapackage.json``, `package` puts files
together and on disk. The command ``essmap export`` and every download of the pages go this way.
"""
