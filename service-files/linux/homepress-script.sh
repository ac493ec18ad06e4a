#!/bin/sh
# Made by: homepress file-manager on
exec @EXEC@ @ACTION@ -- "$@"
