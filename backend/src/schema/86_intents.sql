-- A transaction leaves a row in the target itself, so only statements that commit by themselves are announced here.
alter table studio.run_intents drop column xid;
