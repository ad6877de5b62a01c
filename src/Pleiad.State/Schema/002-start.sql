-- How machines of a service start: auto, cold, clone or resume (null is auto), and how many are kept ready.
alter table service add column start_mode text;
alter table service add column spares {whole};
