"""Magento's files: what merchants have, read into a store file, and a store's policy written as Magento can run it."""
