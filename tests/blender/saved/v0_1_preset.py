import bpy
settings = bpy.context.scene.tokendance

settings.genre = 'indian'
settings.quality = 'draft'
settings.energy = 1.5
settings.temperature = 0.8999999761581421
settings.variations = 3
settings.foot_lock = 0.30000001192092896
settings.arm_spacing = 0.6000000238418579
settings.root_motion = 'in_place'
settings.travel = 2.0
settings.floor = 0.05000000074505806
settings.mirror = True
settings.key_ik = True
settings.smoothing = 1.5
