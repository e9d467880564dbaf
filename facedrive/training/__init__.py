"""Making the models: data, splits, training, evaluation; needs the train extra.

One training image's walk from disk to loss, a test of which counts its functions:

1. ``run/loop.py`` asks a trainee for batches and has it take steps; ``run/train.py`` has the AU
   model's.
2. ``data/photographs.py``: ``cut`` reads its record of the photograph's crop and mesh from the
   cache, which ``keep`` in ``data/cache.py`` has filled on the first call.
3. ``data/labels.py``: ``from_teacher`` turns the teacher's scores of it into AUs and gaze.
4. ``network/batches.py``: ``batches`` draws each kind's share of a batch with ``_draw``.
   ``sampling_matrices`` (by ``_uniform`` numbers) says where it is cut, ``warp`` cuts it,
   ``fill_outside``, ``relight``, ``change_detail`` and ``obscure`` change its pixels;
   ``warp_points`` and ``mirror_scores`` take its labels along.
5. ``run/train.py``: ``step`` shows the batch to the network, whose ``forward`` in
   ``network/network.py`` gives an answer; ``combine`` makes one opinion of two.
6. ``network/loss.py``: ``__call__`` adds up by how much the answer misses, of AUs and points, and
   with ``_score_loss`` of scores, in ``_spreads`` of each channel.

Other sets join at 4: ``warped/`` bends photographs, ``rendered/`` draws the parametric face, and
``build.py`` gathers them as a recipe says.
"""
