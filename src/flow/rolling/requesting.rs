//! Deployment requests: rendered for who may approve, and approved by a
//! signature.
