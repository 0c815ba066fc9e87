"""The add-on's own dancer: an SMPL-named armature and a smooth, procedurally made body."""
