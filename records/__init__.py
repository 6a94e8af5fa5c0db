"""Values that all layers share: frozen records, ids, enumerations and named errors. Nothing here performs work.

Services, engines, persistence and resolvers exchange these values, so that none of them has to import another for a type.
"""
