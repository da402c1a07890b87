"""The statements of the fifth revision, by subject: what organisations added to the catalogues of vendors."""
