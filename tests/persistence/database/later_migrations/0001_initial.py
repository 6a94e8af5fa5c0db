from importlib import import_module

Migration = import_module("persistence.migrations.0001_initial").Migration
